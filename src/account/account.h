/* The built-in storage account: a process that serves Azure's Blob and Data Lake (dfs) REST
 * interfaces from a folder tree.
 *
 *   headrace account --home DIR --account NAME [--listen ADDR:PORT] [--key-file FILE] [--tls-cert
 * FILE --tls-key FILE]
 *                    [--container NAME]… [--grant-key FILE --resource-id ID [--notices SOCKET
 * [--revoked FILE]]]
 *
 * Data is in DIR/storage/NAME/CONTAINER; the account's key is in DIR/storage/NAME.key (made when
 * absent, mode 0600). --listen is 127.0.0.1:0 unless given; --listen-fd is a socket that listens
 * already, its parent's, in its place; once it accepts connections the process prints one line,
 * "ready port=N", to standard output. --container makes containers that are not there. It ends by
 * SIGTERM or SIGINT; a second process on the same account is refused. What is supported is in
 * doc/account.md. */
#ifndef HR_ACCOUNT_ACCOUNT_H
#define HR_ACCOUNT_ACCOUNT_H
int hr_account_main(int argc, char **argv); /* argv[0] is "account"; returns the exit status */
#endif
