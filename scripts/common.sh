# Shared by scripts/demo and scripts/test: what must be installed, and a build folder in a wanted state. Sourced by bash.

packages_needed=(
    build-essential meson ninja-build pkgconf python3
    libssl-dev liburing-dev libpopt-dev libcjson-dev libjemalloc-dev # the programs
    libcriterion-dev openssl gnutls-bin valgrind                     # the tests; valgrind also builds bench/micro
    libgnutls28-dev libmbedtls-dev libwolfssl-dev                    # the servers that ours is compared with
