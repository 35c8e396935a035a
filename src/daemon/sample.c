#include "daemon/sample.h"
#include "io/file.h"
#include <string.h>

#define SETTING "sample"

enum hr_code hr_sample_owe(struct hr_home *home, struct hr_err *err)
{
    return hr_store_setting_put(home->site.store, SETTING, "owed", err);
}

enum hr_code hr_sample_place(struct hr_home *home, struct hr_err *err)
{
    const struct hr_site *site = &home->site;
    const char *state;
    HR_TRY(hr_store_setting_get(site->store, home->arena, SETTING, &state, err));
    if (!state || strcmp(state, "owed"))
        return HR_OK;
    const char *folder =
        hr_printf(home->arena, "%s/%s/%s", home->storage_dir, site->account, site->container);
    const char *path = hr_printf(home->arena, "%s/Titanic.csv", folder);
    HR_TRY(hr_file_mkdirs(folder, err));
    if (!hr_file_exists(path))
        HR_TRY(hr_file_write(path, 0600, hr_sample_titanic, hr_sample_titanic_len, err));
    return hr_store_setting_put(site->store, SETTING, "placed", err);
}
