/* The process `headrace host`: one session host, which answers Spark Connect on a TCP address or a
 * Unix socket until it is told to end. */
#ifndef HR_HOST_HOST_H
#define HR_HOST_HOST_H

/* argv[0] is "host"; returns the process's exit status. Options: --listen ADDRESS:PORT (port 0
 * picks one), --socket PATH, --journal FILE,
 * --spill DIR, --threads N, --memory BYTES (k, m, g), --conf KEY=VALUE (any number). Prints one
 * line once it accepts connections. */
int hr_host_main(int argc, char **argv);
#endif
