/* `ringdtls webrtc`: start, wait, stop. */
#ifndef APP_WEBRTC_H
#define APP_WEBRTC_H

/* The exit status. argv[0] is the sub-command. */
int webrtc_run(int argc, const char **argv);

#endif
