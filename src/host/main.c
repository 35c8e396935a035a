/* The program headrace-host: what `headrace host` runs. */
#include "host/host.h"

int main(int argc, char **argv)
{
    return hr_host_main(argc, argv);
}
