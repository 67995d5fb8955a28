// The clock that durations are measured with.
#ifndef MINNOW_PACKER_PK_CLOCK_H_
#define MINNOW_PACKER_PK_CLOCK_H_

double pk_now_ms(void);  // monotonic

#endif  // MINNOW_PACKER_PK_CLOCK_H_
