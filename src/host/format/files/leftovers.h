/* What writers that died left behind. Private to format/.
 *
 * A writer keeps what is not committed in `_temporary-NAME-UUID` beside its target, or in
 * `_temporary/UUID` in it, and half a file in `.headrace-UUID.part`; no reader sees these names. A
 * later write to the same place removes those in which nothing changed for a day. Whose folder was
 * removed although it lives (it wrote nothing visible for so long) fails: before its commit it
 * looks for the mark that it left there first. */
#ifndef HR_HOST_FORMAT_LEFTOVERS_H
#define HR_HOST_FORMAT_LEFTOVERS_H
#include "host/format/files/write.h"

/* the first file that a writer makes in its folder, and where all is committed at once the last
 * that a reader waits for */
#define HR_WRITER_MARK "_SUCCESS"

/* beside and in the target, once an hour a session and folder; what cannot be removed stays */
void hr_leftovers_sweep(struct hr_writing *writing);
#endif
