/* What our programs tell the shell. */
#ifndef APP_EXIT_STATUS_H
#define APP_EXIT_STATUS_H

enum exit_status {
    EXIT_FINE = 0,
    EXIT_FAILED = 1, /* it ran, and something failed */
    EXIT_USAGE = 2,  /* what was asked for cannot be; nothing was started */
};

#endif
