"""Certificates of every kind that the tests need, made by the openssl program."""

import dataclasses
import pathlib
import subprocess

OPENSSL_SECONDS = 60
RSA_KINDS = ("RSA-2048", "RSA-3072", "RSA-4096")
CONFIGURATION = """
[req]
distinguished_name = name
[name]
[leaf]
subjectAltName = DNS:localhost, IP:127.0.0.1, IP:::1
[authority]
basicConstraints = critical, CA:TRUE
keyUsage = critical, keyCertSign
"""
# libssl alone knows the extended master secret as something to switch off, and only in a file.
WITHOUT_EXTENDED_MASTER_SECRET = """
openssl_conf = all
[all]
ssl_conf = ssl
[ssl]
system_default = default
[default]
Options = -ExtendedMasterSecret
"""


@dataclasses.dataclass(frozen=True)
class Certificate:
    path: pathlib.Path
    key: pathlib.Path
    kind: str = "P-256"
    rest: pathlib.Path = None  # of the chain, where there is one


def openssl(*arguments):
    command = ["openssl", *[str(argument) for argument in arguments]]
    return subprocess.run(command, check=True, capture_output=True, text=True, stdin=subprocess.DEVNULL,
                          timeout=OPENSSL_SECONDS).stdout


class Credentials:
    def __init__(self, folder):
        self.folder = folder
        self.configuration = folder / "certificates.cnf"
        self.configuration.write_text(CONFIGURATION, encoding="ascii")
        self.without_extended_master_secret = folder / "no_ems.cnf"
        self.without_extended_master_secret.write_text(WITHOUT_EXTENDED_MASTER_SECRET, encoding="ascii")
        self.server = self.self_signed("server", "ec", "ec_paramgen_curve:P-256")
        self.client = self.self_signed("client", "ec", "ec_paramgen_curve:P-256")
        self.servers = {"P-256": self.server, **{kind: self.of_kind("server", kind) for kind in ("P-384", "Ed25519", *RSA_KINDS)}}
        self.clients = {"P-256": self.client,
                        **{kind: self.of_kind("client", kind) for kind in ("P-384", "P-521", "Ed25519", *RSA_KINDS)}}
        self.client_rsa = self.clients["RSA-2048"]
        self.root = self.self_signed("root", "rsa", "rsa_keygen_bits:2048", "authority")
        self.chain = self.chain_of_two()

    def self_signed(self, name, algorithm, option, extensions="leaf"):
        certificate = Certificate(self.folder / f"{name}.pem", self.folder / f"{name}.key")
        options = ["-pkeyopt", option] if option else []
        openssl("req", "-x509", "-config", self.configuration, "-newkey", algorithm, *options, "-nodes", "-keyout",
                certificate.key, "-subj", f"/CN={name}", "-days", "7", "-extensions", extensions, "-out", certificate.path)
        return certificate

    def of_kind(self, name, kind):
        algorithm, _, bits = kind.partition("-")
        option = {"RSA": ("rsa", f"rsa_keygen_bits:{bits}"), "Ed25519": ("ed25519", None)}.get(
            algorithm, ("ec", f"ec_paramgen_curve:{kind}"))
        return dataclasses.replace(self.self_signed(f"{name}_{kind}", *option), kind=kind)

    def issued(self, name, issuer, algorithm, option, extensions):
        certificate = Certificate(self.folder / f"{name}.pem", self.folder / f"{name}.key")
        request = self.folder / f"{name}.csr"
        openssl("req", "-new", "-config", self.configuration, "-newkey", algorithm, "-pkeyopt", option, "-nodes", "-keyout",
                certificate.key, "-subj", f"/CN={name}", "-out", request)
        openssl("x509", "-req", "-in", request, "-CA", issuer.path, "-CAkey", issuer.key, "-CAcreateserial", "-days", "7",
                "-extfile", self.configuration, "-extensions", extensions, "-out", certificate.path)
        return certificate

    def chain_of_two(self):
        """A P-256 leaf behind RSA authorities: with its issuer more than a datagram holds."""
        issuer = self.issued("issuer", self.root, "rsa", "rsa_keygen_bits:2048", "authority")
        leaf = self.issued("leaf", issuer, "ec", "ec_paramgen_curve:P-256", "leaf")
        both = self.folder / "chain.pem"
        both.write_text(leaf.path.read_text(encoding="ascii") + issuer.path.read_text(encoding="ascii"), encoding="ascii")
        return Certificate(both, leaf.key, rest=issuer.path)

    @staticmethod
    def fingerprint(certificate):
        line = openssl("x509", "-in", certificate.path, "-noout", "-fingerprint", "-sha256")
        return line.strip().partition("=")[2]
