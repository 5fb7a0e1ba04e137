#include "credentials.h"

const struct test_credential server_credential = {
    .certificate_pem = "-----BEGIN CERTIFICATE-----\n"
                       "MIIBojCCAUegAwIBAgIUPjNrOjpztGR0hgWTlBSYbn27PFMwCgYIKoZIzj0EAwIw\n"
                       "JTEjMCEGA1UEAwwacmluZ2R0bHMgc2ltdWxhdGlvbiBzZXJ2ZXIwIBcNMjYxMTIz\n"
                       "MTQyOTQ1WhgPMjEyNjEwMzAxNDI5NDVaMCUxIzAhBgNVBAMMGnJpbmdkdGxzIHNp\n"
                       "bXVsYXRpb24gc2VydmVyMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE91I+Wz7L\n"
                       "Z3wXnnnEGZaiDmxp0wHmQW1ACjdRyZpyW9K5z5Ow7iOEd+0OdA3zFNH42gkMjB8R\n"
                       "f1L7X6AofJT/b6NTMFEwHQYDVR0OBBYEFMnWacCSJj25VfCSmJy/CmCdJS/qMB8G\n"
                       "A1UdIwQYMBaAFMnWacCSJj25VfCSmJy/CmCdJS/qMA8GA1UdEwEB/wQFMAMBAf8w\n"
                       "CgYIKoZIzj0EAwIDSQAwRgIhAJz6zw8nyaHvsry0WShXNkgF6/Qbzd2ZkjWO9j+h\n"
                       "X8XgAiEA7Ar2DjbBnjIzAgW+lL7xFJ4Jf2ZIgMC+5276SCrZq98=\n"
                       "-----END CERTIFICATE-----\n",
    .private_key_pem = "-----BEGIN PRIVATE KEY-----\n"
                       "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQg57scS2/FaM4s2Goz\n"
                       "yhzXCKlcN7e2vgidb9+b6jEzFryhRANCAAT3Uj5bPstnfBeeecQZlqIObGnTAeZB\n"
                       "bUAKN1HJmnJb0rnPk7DuI4R37Q50DfMU0fjaCQyMHxF/UvtfoCh8lP9v\n"
                       "-----END PRIVATE KEY-----\n",
};

const struct test_credential client_credential = {
    .certificate_pem = "-----BEGIN CERTIFICATE-----\n"
                       "MIIBoDCCAUegAwIBAgIUF4OoI2vmGA6wwmS92JNlGsaD0ukwCgYIKoZIzj0EAwIw\n"
                       "JTEjMCEGA1UEAwwacmluZ2R0bHMgc2ltdWxhdGlvbiBjbGllbnQwIBcNMjYxMTIz\n"
                       "MTQyOTQ1WhgPMjEyNjEwMzAxNDI5NDVaMCUxIzAhBgNVBAMMGnJpbmdkdGxzIHNp\n"
                       "bXVsYXRpb24gY2xpZW50MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEtiSSgbdq\n"
                       "ZZd9YBOQTFJCdO/vyydNy8Tje4Z25QzxmOPQv7knEBi4b6IAxj7za/ZHXYMNq8H7\n"
                       "quEaX2uWwn4oNaNTMFEwHQYDVR0OBBYEFAuzBcxUl4z48nXaYI03lqy9JIuqMB8G\n"
                       "A1UdIwQYMBaAFAuzBcxUl4z48nXaYI03lqy9JIuqMA8GA1UdEwEB/wQFMAMBAf8w\n"
                       "CgYIKoZIzj0EAwIDRwAwRAIgNlmQVelCwRrGWdr6ud21pkiwNDnm+TR+9OLdlXjW\n"
                       "YOMCIH1tIh4QMdbeMTVY9nJvqINH6/41fzs7kdOomhegP9Rs\n"
                       "-----END CERTIFICATE-----\n",
    .private_key_pem = "-----BEGIN PRIVATE KEY-----\n"
                       "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgMjKJq6Itk6v4bWyC\n"
                       "drn2HQo8pR78PImhhTZ22567afahRANCAAS2JJKBt2pll31gE5BMUkJ07+/LJ03L\n"
                       "xON7hnblDPGY49C/uScQGLhvogDGPvNr9kddgw2rwfuq4Rpfa5bCfig1\n"
                       "-----END PRIVATE KEY-----\n",
};
