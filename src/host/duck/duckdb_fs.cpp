/* The one C++ file: blob/ as a DuckDB file system. What DuckDB asks of one, and what was measured,
 * is in doc/blob.md. */
#include <duckdb.hpp>
#include <duckdb/common/file_opener.hpp>
#include <duckdb/common/file_system.hpp>
#include <duckdb/common/open_file_info.hpp>
#include <duckdb/common/types/timestamp.hpp>
#include <duckdb/main/capi/capi_internal.hpp>
#include <duckdb/main/client_context.hpp>

extern "C" {
#include "blob/blob.h"
}
#include "host/duck/duckdb_fs.h"

using namespace duckdb;

namespace
{

using Stat = struct hr_blob_stat; /* the function of that name hides it in C++ */

[[noreturn]] void fail(const hr_err &err)
{
    char *encoded = hr_err_encoded(&err);
    std::string text(encoded);
    free(encoded);
    throw IOException(text);
}

void check(hr_code code, const hr_err &err)
{
    if (code != HR_OK)
        fail(err);
}

/* whether the query that opened a file was interrupted; the file may outlive the query's context */
class Interrupt
{
  public:
    explicit Interrupt(optional_ptr<FileOpener> opener)
    {
        auto found = FileOpener::TryGetClientContext(opener);
        if (found)
            context = found->shared_from_this();
        cancel.cancelled = asked;
        cancel.arg = this;
    }

    hr_blob_cancel cancel;

  private:
    weak_ptr<ClientContext> context;

    static bool asked(void *arg)
    {
        auto locked = static_cast<Interrupt *>(arg)->context.lock();
        return locked && locked->interrupted;
    }
};

class Arena
{
  public:
    Arena() : arena(hr_arena_new(nullptr))
    {
    }
    ~Arena()
    {
        hr_arena_free(arena);
    }
    Arena(const Arena &) = delete;
    hr_arena *arena;
};

class Handle : public FileHandle
{
  public:
    Handle(FileSystem &fs,
           const string &path_p,
           FileOpenFlags flags_p,
           optional_ptr<FileOpener> opener)
        : FileHandle(fs, path_p, flags_p), interrupt(opener)
    {
    }

    ~Handle() override
    {
        hr_blob_close(reader);
        hr_blob_abort(writer); /* not closed before: a COPY that failed */
    }

    void Close() override
    {
        hr_blob_close(reader);
        reader = nullptr;
        hr_blob_writer *done = writer;
        writer = nullptr;
        hr_err err = {};
        if (done)
            check(hr_blob_commit(done, nullptr, &err), err);
    }

    Interrupt interrupt;
    hr_blob_reader *reader = nullptr;
    hr_blob_writer *writer = nullptr;
    idx_t position = 0;
};

class BlobFileSystem : public FileSystem
{
  public:
    explicit BlobFileSystem(hr_blob *blob_p) : blob(blob_p)
    {
    }

    std::string GetName() const override
    {
        return "headrace";
    }
    bool CanHandleFile(const string &path) override
    {
        return hr_blob_is_remote(path.c_str());
    }
    bool IsManuallySet() override
    {
        return true;
    }
    bool CanSeek() override
    {
        return true;
    }
    /* true would make a Parquet scan thousands of tiny reads */
    bool OnDiskFile(FileHandle &) override
    {
        return false;
    }
    string PathSeparator(const string &) override
    {
        return "/";
    }
    bool IsPathAbsolute(const string &) override
    {
        return true;
    }
    string CanonicalizePath(const string &path, optional_ptr<FileOpener>) override
    {
        return path;
    }
    string ExpandPath(const string &path) override
    {
        return path;
    }
    bool IsPipe(const string &, optional_ptr<FileOpener>) override
    {
        return false;
    }

    unique_ptr<FileHandle> OpenFile(const string &path,
                                    FileOpenFlags flags,
                                    optional_ptr<FileOpener> opener) override
    {
        return open(path, nullptr, flags, opener);
    }

    int64_t Read(FileHandle &handle, void *buffer, int64_t len) override
    {
        auto &file = reading(handle);
        size_t got = 0;
        hr_err err = {};
        hr_blob_seek(file.reader, int64_t(file.position));
        check(hr_blob_read(file.reader, buffer, size_t(len), &got, &err), err);
        file.position += got;
        return int64_t(got);
    }

    void Read(FileHandle &handle, void *buffer, int64_t len, idx_t location) override
    {
        auto &file = reading(handle);
        size_t got = 0;
        hr_err err = {};
        check(hr_blob_read_at(file.reader, buffer, size_t(len), int64_t(location), &got, &err),
              err);
        if (int64_t(got) != len) {
            hr_fail(&err, HR_E_IO,
                    "'%s' ends before the %lld bytes at %llu that its format promises",
                    file.path.c_str(), (long long)len, (unsigned long long)location);
            fail(err);
        }
    }

    int64_t Write(FileHandle &handle, void *buffer, int64_t len) override
    {
        auto &file = writing(handle);
        hr_err err = {};
        check(hr_blob_write(file.writer, buffer, size_t(len), &err), err);
        file.position += idx_t(len);
        return len;
    }

    void Write(FileHandle &handle, void *buffer, int64_t len, idx_t location) override
    {
        auto &file = writing(handle);
        if (idx_t(hr_blob_written(file.writer)) != location)
            refuse(file.path,
                   "be written at a place of its own: objects are written from front to back");
        Write(handle, buffer, len);
    }

    int64_t GetFileSize(FileHandle &handle) override
    {
        auto &file = handle.Cast<Handle>();
        return file.reader   ? hr_blob_reader_stat(file.reader)->size
               : file.writer ? hr_blob_written(file.writer)
                             : 0;
    }

    timestamp_t GetLastModifiedTime(FileHandle &handle) override
    {
        auto &file = handle.Cast<Handle>();
        return Timestamp::FromEpochMs(file.reader ? hr_blob_reader_stat(file.reader)->mtime_ms : 0);
    }

    string GetVersionTag(FileHandle &handle) override
    {
        auto &file = handle.Cast<Handle>();
        return file.reader ? hr_blob_reader_stat(file.reader)->etag : "";
    }

    FileType GetFileType(FileHandle &) override
    {
        return FileType::FILE_TYPE_REGULAR;
    }

    FileMetadata Stats(FileHandle &handle) override
    {
        FileMetadata metadata;
        metadata.file_size = GetFileSize(handle);
        metadata.last_modification_time = GetLastModifiedTime(handle);
        metadata.file_type = FileType::FILE_TYPE_REGULAR;
        return metadata;
    }

    void Seek(FileHandle &handle, idx_t location) override
    {
        auto &file = handle.Cast<Handle>();
        if (file.writer && idx_t(hr_blob_written(file.writer)) != location)
            refuse(file.path, "be moved in while it is written");
        file.position = location;
    }

    idx_t SeekPosition(FileHandle &handle) override
    {
        return handle.Cast<Handle>().position;
    }
    void Reset(FileHandle &handle) override
    {
        Seek(handle, 0);
    }
    /* durable from Close on, which is the commit */
    void FileSync(FileHandle &) override
    {
    }
    bool Trim(FileHandle &, idx_t, idx_t) override
    {
        return false;
    }

    void Truncate(FileHandle &handle, int64_t size) override
    {
        auto &file = handle.Cast<Handle>();
        if (!file.writer || hr_blob_written(file.writer) != size)
            refuse(file.path, "be truncated");
    }

    bool FileExists(const string &path, optional_ptr<FileOpener> opener) override
    {
        Stat stat;
        return look(path, opener, stat) && !stat.is_dir;
    }

    bool DirectoryExists(const string &path, optional_ptr<FileOpener> opener) override
    {
        Stat stat;
        return look(path, opener, stat) && stat.is_dir;
    }

    void CreateDirectory(const string &path, optional_ptr<FileOpener> opener) override
    {
        Interrupt interrupt(opener);
        hr_err err = {};
        check(hr_blob_mkdir(blob, path.c_str(), &interrupt.cancel, &err), err);
    }

    void CreateDirectoriesRecursive(const string &path, optional_ptr<FileOpener> opener) override
    {
        CreateDirectory(path, opener);
    }
    void RemoveDirectory(const string &path, optional_ptr<FileOpener> opener) override
    {
        remove(path, true, opener, false);
    }
    void RemoveFile(const string &path, optional_ptr<FileOpener> opener) override
    {
        remove(path, false, opener, false);
    }
    bool TryRemoveFile(const string &path, optional_ptr<FileOpener> opener) override
    {
        return remove(path, false, opener, true);
    }

    void RemoveFiles(const vector<string> &paths, optional_ptr<FileOpener> opener) override
    {
        for (auto &path : paths)
            remove(path, false, opener, true);
    }

    void MoveFile(const string &from, const string &to, optional_ptr<FileOpener> opener) override
    {
        Interrupt interrupt(opener);
        hr_err err = {};
        check(hr_blob_rename(blob, from.c_str(), to.c_str(), true, &interrupt.cancel, &err), err);
    }

    vector<OpenFileInfo> Glob(const string &pattern, FileOpener *opener) override
    {
        Interrupt interrupt(opener);
        Arena scratch;
        vector<OpenFileInfo> found;
        Stat stat;
        hr_err err = {};
        hr_code code = hr_blob_stat(blob, pattern.c_str(), &stat, &interrupt.cancel, &err);
        /* a name is a name, even with brackets in it */
        if (code == HR_OK && !stat.is_dir) {
            found.push_back(describe(pattern, stat));
            return found;
        }
        if (!hr_blob_has_glob(pattern.c_str()) || code != HR_E_NOT_FOUND)
            check(code, err); /* says more than that no file was found */
        hr_blob_page page;
        check(hr_blob_glob(blob, scratch.arena, pattern.c_str(), &page, &interrupt.cancel, &err),
              err);
        for (size_t i = 0; i < page.count; i++)
            if (!page.entries[i].stat.is_dir)
                found.push_back(describe(page.entries[i].location, page.entries[i].stat));
        return found;
    }

  protected:
    bool SupportsOpenFileExtended() const override
    {
        return true;
    }

    unique_ptr<FileHandle> OpenFileExtended(const OpenFileInfo &info,
                                            FileOpenFlags flags,
                                            optional_ptr<FileOpener> opener) override
    {
        Stat known = {};
        if (!info.extended_info ||
            flags.OpenForWriting() ||
            !recall(info.extended_info->options, known))
            return open(info.path, nullptr, flags, opener);
        return open(info.path, &known, flags, opener);
    }

    bool ListFilesExtended(const string &folder,
                           const std::function<void(OpenFileInfo &info)> &callback,
                           optional_ptr<FileOpener> opener) override
    {
        Interrupt interrupt(opener);
        Arena scratch;
        hr_blob_page page;
        hr_err err = {};
        hr_code code = hr_blob_list_all(blob, scratch.arena, folder.c_str(), false, &page,
                                        &interrupt.cancel, &err);
        if (code == HR_E_NOT_FOUND)
            return false;
        check(code, err);
        for (size_t i = 0; i < page.count; i++) {
            auto info = describe(page.entries[i].name, page.entries[i].stat);
            callback(info);
        }
        return true;
    }

  private:
    hr_blob *blob;

    [[noreturn]] void refuse(const string &path, const char *what)
    {
        hr_err err = {};
        hr_fail(&err, HR_E_UNSUPPORTED, "'%s' cannot %s", path.c_str(), what);
        fail(err);
    }

    Handle &reading(FileHandle &handle)
    {
        auto &file = handle.Cast<Handle>();
        if (!file.reader)
            refuse(file.path, "be read: it is not open for reading");
        return file;
    }

    Handle &writing(FileHandle &handle)
    {
        auto &file = handle.Cast<Handle>();
        if (!file.writer)
            refuse(file.path, "be written: it is not open for writing");
        return file;
    }

    unique_ptr<FileHandle> open(const string &path,
                                const Stat *known,
                                FileOpenFlags flags,
                                optional_ptr<FileOpener> opener)
    {
        auto file = make_uniq<Handle>(*this, path, flags, opener);
        hr_err err = {};
        hr_code code;
        if (flags.OpenForAppending() || (flags.OpenForReading() && flags.OpenForWriting()))
            refuse(path, "be appended to or written in place");
        if (flags.OpenForWriting()) {
            hr_blob_write_options options = {};
            options.overwrite = !flags.ExclusiveCreate();
            code = hr_blob_create(blob, path.c_str(), &options, &file->interrupt.cancel,
                                  &file->writer, &err);
        } else {
            code = hr_blob_open(blob, path.c_str(), known, &file->interrupt.cancel, &file->reader,
                                &err);
        }
        if ((code == HR_E_NOT_FOUND && flags.ReturnNullIfNotExists()) ||
            (code == HR_E_EXISTS && flags.ReturnNullIfExists()))
            return nullptr;
        check(code, err);
        return std::move(file);
    }

    bool look(const string &path, optional_ptr<FileOpener> opener, Stat &stat)
    {
        Interrupt interrupt(opener);
        hr_err err = {};
        hr_code code = hr_blob_stat(blob, path.c_str(), &stat, &interrupt.cancel, &err);
        if (code == HR_E_NOT_FOUND)
            return false;
        check(code, err);
        return true;
    }

    bool remove(const string &path,
                bool recursive,
                optional_ptr<FileOpener> opener,
                bool may_be_absent)
    {
        Interrupt interrupt(opener);
        hr_err err = {};
        hr_code code = hr_blob_delete(blob, path.c_str(), recursive, &interrupt.cancel, &err);
        if (code == HR_E_NOT_FOUND && may_be_absent)
            return false;
        check(code, err);
        return true;
    }

    /* The listing's answer travels with the name, so that opening asks no more and every open of a
     * query pins the same version. */
    static OpenFileInfo describe(const string &path, const Stat &stat)
    {
        OpenFileInfo info(path);
        info.extended_info = make_shared_ptr<ExtendedOpenFileInfo>();
        auto &options = info.extended_info->options;
        options["type"] = Value(stat.is_dir ? "directory" : "file");
        options["file_size"] = Value::UBIGINT(uint64_t(stat.size));
        options["last_modified"] = Value::TIMESTAMP(Timestamp::FromEpochMs(stat.mtime_ms));
        options["etag"] = Value(string(stat.etag));
        return info;
    }

    static bool recall(const unordered_map<string, Value> &options, Stat &known)
    {
        auto etag = options.find("etag"), size = options.find("file_size"),
             time = options.find("last_modified");
        if (etag == options.end() ||
            size == options.end() ||
            etag->second.IsNull() ||
            size->second.IsNull())
            return false;
        string tag = etag->second.ToString();
        if (tag.empty() || tag.size() >= sizeof known.etag)
            return false;
        memcpy(known.etag, tag.c_str(), tag.size() + 1);
        known.size = int64_t(size->second.GetValue<uint64_t>());
        if (time != options.end() && !time->second.IsNull())
            known.mtime_ms = Timestamp::GetEpochMs(time->second.GetValue<timestamp_t>());
        return true;
    }
};

} // namespace

hr_code hr_duckdb_fs_register(duckdb_database database, struct hr_blob *blob, struct hr_err *err)
{
    try {
        auto &instance = *reinterpret_cast<DatabaseWrapper *>(database)->database->instance;
        instance.GetFileSystem().RegisterSubSystem(make_uniq<BlobFileSystem>(blob));
        return HR_OK;
    } catch (std::exception &why) {
        return hr_fail(err, HR_E_INTERNAL, "cannot register storage with the engine: %s",
                       why.what());
    }
}
