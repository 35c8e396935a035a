/* the account alone, for the tests in test/storage: what `headrace account` runs */
#include "account/account.h"

int main(int argc, char **argv)
{
    return hr_account_main(argc, argv);
}
