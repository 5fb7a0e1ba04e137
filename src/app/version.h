/* The version that --version names: the build gives it. */
#ifndef APP_VERSION_H
#define APP_VERSION_H

#ifndef RINGDTLS_VERSION
#define RINGDTLS_VERSION "unversioned"
#endif

#endif
