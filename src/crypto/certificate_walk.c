/*
 * The way through a peer's leaf certificate to its public key: DER (X.690), no libcrypto, no
 * allocation. What is not on the way (names, validity, extensions) is stepped over: the fingerprint
 * covers it.
 *
 *     Certificate  SEQUENCE
 *       tbsCertificate  SEQUENCE
 *         [0] version, serialNumber, signature, issuer, validity, subject
 *         subjectPublicKeyInfo  SEQUENCE
 *           algorithm  SEQUENCE: id-ecPublicKey, prime256v1 or secp384r1; id-Ed25519;
 *                                or rsaEncryption, NULL
 *           subjectPublicKey  BIT STRING, 0 unused bits: 4, x, y; 32 bytes; or SEQUENCE: modulus,
 *                                exponent
 *         ...
 *       signatureAlgorithm, signatureValue
 */
#include "base/reader.h"
#include "crypto/certificate.h"
#include "crypto/ed25519.h"

enum der_tag {
    DER_INTEGER = 0x02,
    DER_BIT_STRING = 0x03,
    DER_NULL = 0x05,
    DER_OBJECT_IDENTIFIER = 0x06,
    DER_SEQUENCE = 0x30,
    DER_VERSION = 0xa0, /* [0] EXPLICIT */
};

enum {
    DER_LENGTH_LONG = 0x80,      /* this bit set: the others count the bytes of the length */
    DER_SIGN = 0x80,             /* of an INTEGER's first byte */
    DER_LENGTH_BYTES_MAX = 3,    /* a handshake message is no longer than 2^24 - 1 */
    POINT_FORM_UNCOMPRESSED = 4, /* SEC 1 section 2.3.3 */
};

/* 1.2.840.10045.2.1 and 1.2.840.10045.3.1.7 (RFC 5480 sections 2.1.1 and 2.1.1.1) */
static const uint8_t oid_ec_public_key[] = {0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01};
static const uint8_t oid_secp384r1[] = {0x2b, 0x81, 0x04, 0x00, 0x22};
/* 1.3.101.112 (RFC 8410 section 3) */
static const uint8_t oid_ed25519[] = {0x2b, 0x65, 0x70};
static const uint8_t oid_rsa_encryption[] = {0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01};
static const uint8_t oid_prime256v1[] = {0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07};

/* A definite length in its shortest form: DER knows no other. */
static size_t der_read_length(struct reader *reader)
{
    uint8_t first = reader_u8(reader);
    if (first < DER_LENGTH_LONG)
        return first;
    size_t count = first - DER_LENGTH_LONG;
    if (count == 0 || count > DER_LENGTH_BYTES_MAX) {
        reader->failed = true;
        return 0;
    }
    size_t len = 0;
    for (size_t i = 0; i < count; i++)
        len = len << 8 | reader_u8(reader);
    size_t least = count == 1 ? DER_LENGTH_LONG : (size_t)1 << (8 * (count - 1));
    if (len < least)
        reader->failed = true;
    return len;
}

/* One element's contents; the reader fails unless it has this tag. */
static struct bytes der_read(struct reader *reader, enum der_tag tag)
{
    if (reader_u8(reader) != tag)
        reader->failed = true;
    size_t len = der_read_length(reader);
    return reader_bytes(reader, len);
}

static bool der_next_is(const struct reader *reader, enum der_tag tag)
{
    return !reader->failed && reader->left > 0 && reader->at[0] == tag;
}

/* What comes behind the signature's algorithm in what was signed: issuer, validity and so on. false
 * when there is no certificate around it. */
static bool find_issuer(struct bytes der, struct reader *to_be_signed)
{
    struct reader outer = reader_of(der);
    struct reader certificate = reader_of(der_read(&outer, DER_SEQUENCE));
    *to_be_signed = reader_of(der_read(&certificate, DER_SEQUENCE));
    (void)der_read(&certificate, DER_SEQUENCE);   /* signatureAlgorithm */
    (void)der_read(&certificate, DER_BIT_STRING); /* signatureValue */
    if (!reader_is_complete(&outer) || !reader_is_complete(&certificate))
        return false;

    /* [rfc5280#4.1] "version [0] EXPLICIT Version DEFAULT v1": a version 1 certificate has none. */
    if (der_next_is(to_be_signed, DER_VERSION))
        (void)der_read(to_be_signed, DER_VERSION);
    (void)der_read(to_be_signed, DER_INTEGER);  /* serialNumber */
    (void)der_read(to_be_signed, DER_SEQUENCE); /* signature */
    return !to_be_signed->failed;
}

bool certificate_issuer(struct bytes der, struct bytes *name)
{
    struct reader reader;
    if (!find_issuer(der, &reader))
        return false;
    const uint8_t *begin = reader.at;
    (void)der_read(&reader, DER_SEQUENCE);
    *name = bytes_of(begin, (size_t)(reader.at - begin));
    return !reader.failed;
}

/* The contents of subjectPublicKeyInfo; false when there is no certificate around it. */
static bool find_public_key_info(struct bytes der, struct bytes *info)
{
    struct reader to_be_signed;
    if (!find_issuer(der, &to_be_signed))
        return false;
    (void)der_read(&to_be_signed, DER_SEQUENCE); /* issuer */
    (void)der_read(&to_be_signed, DER_SEQUENCE); /* validity */
    (void)der_read(&to_be_signed, DER_SEQUENCE); /* subject */
    *info = der_read(&to_be_signed, DER_SEQUENCE);
    return !to_be_signed.failed;
}

static bool der_object_is(struct reader *reader, const uint8_t *oid, size_t oid_len)
{
    return bytes_are_equal(der_read(reader, DER_OBJECT_IDENTIFIER), bytes_of(oid, oid_len));
}

/* id-ecPublicKey with the curve by its name: [rfc5480#2.1.1] "implicitCurve and specifiedCurve MUST
 * NOT be used in PKIX." */
static bool is_on_curve(struct bytes algorithm, const uint8_t *oid, size_t oid_len)
{
    struct reader reader = reader_of(algorithm);
    return der_object_is(&reader, oid_ec_public_key, sizeof(oid_ec_public_key)) &&
           der_object_is(&reader, oid, oid_len) && reader_is_complete(&reader);
}

/* [rfc3279#2.3.1] "The parameters field MUST have ASN.1 type NULL for this algorithm identifier."
 */
static bool is_rsa(struct bytes algorithm)
{
    struct reader reader = reader_of(algorithm);
    return der_object_is(&reader, oid_rsa_encryption, sizeof(oid_rsa_encryption)) &&
           der_read(&reader, DER_NULL).len == 0 && reader_is_complete(&reader);
}

/* [rfc8410#3] "For all of the OIDs, the parameters MUST be absent." */
static bool is_ed25519(struct bytes algorithm)
{
    struct reader reader = reader_of(algorithm);
    return der_object_is(&reader, oid_ed25519, sizeof(oid_ed25519)) && reader_is_complete(&reader);
}

static enum rdtls_status read_ed25519(struct bytes encoded, struct public_key *key)
{
    if (encoded.len != ED25519_KEY_LEN)
        return RDTLS_ALERT_BAD_CERTIFICATE;
    *key = (struct public_key){.kind = KEY_ED25519, .point = encoded};
    return RDTLS_OK;
}

/* A compressed point is legal in a certificate, but we offer the uncompressed point format alone.
 */
static enum rdtls_status read_point(enum key_kind kind, struct bytes encoded,
                                    struct public_key *key)
{
    size_t len = kind == KEY_P384 ? (size_t)P384_POINT_LEN : (size_t)P256_POINT_LEN;
    if (encoded.len != len || encoded.data[0] != POINT_FORM_UNCOMPRESSED)
        return RDTLS_ALERT_UNSUPPORTED_CERTIFICATE;
    *key = (struct public_key){.kind = kind, .point = encoded};
    return RDTLS_OK;
}

/* A positive INTEGER in its shortest form, without the zero that keeps it from being negative. */
static struct bytes der_read_positive(struct reader *reader)
{
    struct bytes number = der_read(reader, DER_INTEGER);
    bool is_negative = number.len > 0 && (number.data[0] & DER_SIGN) != 0;
    bool has_zero = number.len > 0 && number.data[0] == 0;
    bool zero_is_needed = has_zero && number.len > 1 && (number.data[1] & DER_SIGN) != 0;
    if (number.len == 0 || is_negative || (has_zero && !zero_is_needed))
        reader->failed = true;
    return has_zero && !reader->failed ? bytes_of(number.data + 1, number.len - 1) : number;
}

/* [rfc8017#A.1.1] "RSAPublicKey ::= SEQUENCE { modulus INTEGER, -- n publicExponent INTEGER -- e
 * }" */
static enum rdtls_status read_rsa(struct bytes encoded, struct public_key *key)
{
    struct reader outer = reader_of(encoded);
    struct reader reader = reader_of(der_read(&outer, DER_SEQUENCE));
    struct bytes modulus = der_read_positive(&reader);
    struct bytes exponent = der_read_positive(&reader);
    if (!reader_is_complete(&outer) || !reader_is_complete(&reader))
        return RDTLS_ALERT_BAD_CERTIFICATE;
    if (exponent.len > sizeof(uint32_t))
        return RDTLS_ALERT_UNSUPPORTED_CERTIFICATE;
    struct public_key read = {.kind = KEY_RSA, .rsa = {.modulus = modulus}};
    for (size_t i = 0; i < exponent.len; i++)
        read.rsa.exponent = read.rsa.exponent << 8 | exponent.data[i];
    if (!rsa_public_is_sound(&read.rsa))
        return RDTLS_ALERT_UNSUPPORTED_CERTIFICATE;
    *key = read;
    return RDTLS_OK;
}

enum rdtls_status certificate_public_key(struct bytes der, struct public_key *key)
{
    struct bytes info;
    if (!find_public_key_info(der, &info))
        return RDTLS_ALERT_BAD_CERTIFICATE;
    struct reader reader = reader_of(info);
    struct bytes algorithm = der_read(&reader, DER_SEQUENCE);
    struct reader public_key = reader_of(der_read(&reader, DER_BIT_STRING));
    uint8_t unused_bits = reader_u8(&public_key);
    if (!reader_is_complete(&reader) || public_key.failed || unused_bits != 0)
        return RDTLS_ALERT_BAD_CERTIFICATE;
    struct bytes encoded = reader_bytes(&public_key, public_key.left);
    if (is_on_curve(algorithm, oid_prime256v1, sizeof(oid_prime256v1)))
        return read_point(KEY_P256, encoded, key);
    if (is_on_curve(algorithm, oid_secp384r1, sizeof(oid_secp384r1)))
        return read_point(KEY_P384, encoded, key);
    if (is_ed25519(algorithm))
        return read_ed25519(encoded, key);
    /* [rfc8446#4.2.3] "If the public key is carried in an X.509 certificate, it MUST use the
     * rsaEncryption OID [RFC5280]." */
    return is_rsa(algorithm) ? read_rsa(encoded, key) : RDTLS_ALERT_UNSUPPORTED_CERTIFICATE;
}
