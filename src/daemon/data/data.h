/* Datastores and datasets: the REST of Azure Machine Learning's v1 services (/datastore/v1.0…,
 * /dataset/v1.0…) and of its ARM resources (…/datastores, …/data), over one store. doc/dataset.md
 * is the contract.
 *
 * A datastore is an account, a container and credentials. A dataset's version is a manifest (path,
 * URL, ETag, size), made by listing, kept packed. Storage is talked to on threads of this module's
 * own, one a request; handlers run on the loop's thread. */
#ifndef HR_DAEMON_DATA_DATA_H
#define HR_DAEMON_DATA_DATA_H
#include "daemon/rest/rest.h"

const struct hr_routes *hr_data_routes(void);
void hr_data_stop(void); /* ends what is under way; before the loop is freed */
#endif
