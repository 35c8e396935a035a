/* A home: the folder that holds everything of one server. Made at first, with its defaults; locked
 * while served.
 *
 *   state.db  durable state        token      the owner's token, 0600        tls/      authority
 * and certificate storage/  the account's data   log/       helpers' logs                  run/
 * sockets, endpoint.json; emptied at start
 */
#ifndef HR_DAEMON_HOME_H
#define HR_DAEMON_HOME_H
#include "daemon/rest/rest.h"

struct hr_home {
    struct hr_arena *arena;
    struct hr_site site;
    struct hr_principal owner;
    const char *token, *account_key, *storage_dir, *tls_dir, *log_dir, *endpoint_file;
    int last_port, last_storage_port; /* of the last start; 0: none */
    int lock;
};

/* HR_E_EXISTS: served already */
enum hr_code hr_home_open(const char *folder, struct hr_home *home, struct hr_err *err);
void hr_home_close(struct hr_home *home);
/* remembers the ports and writes endpoint.json */
enum hr_code hr_home_publish(struct hr_home *home,
                             const char *connect,
                             int storage_port,
                             struct hr_err *err);
#endif
