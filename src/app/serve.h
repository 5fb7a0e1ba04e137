/* `ringdtls serve`: start, watch, stop. */
#ifndef APP_SERVE_H
#define APP_SERVE_H

/* The exit status. argv[0] is the sub-command. */
int serve_run(int argc, const char **argv);

#endif
