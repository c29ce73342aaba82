"""A certificate authority, for lines with TLS."""
import subprocess


def _openssl(*arguments):
    subprocess.run(["openssl", *arguments], check=True, capture_output=True)


class Authority:
    def __init__(self, folder, name="authority"):
        self._folder = folder / name
        self._folder.mkdir()
        self.certificate = self._folder / "ca.pem"
        self._key = self._folder / "ca.key"
        _openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                 "-days", "30", "-subj", f"/CN={name}", "-keyout", str(self._key), "-out",
                 str(self.certificate))

    def issue(self, name, hosts="DNS:localhost,IP:127.0.0.1", expired=False):
        """A certificate for these hosts; returns the paths of (certificate, key)."""
        key, request, certificate = (self._folder / f"{name}.{kind}"
                                     for kind in ("key", "csr", "pem"))
        extensions = self._folder / f"{name}.ext"
        extensions.write_text(f"subjectAltName={hosts}\n")
        _openssl("req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                 "-subj", f"/CN={name}", "-keyout", str(key), "-out", str(request))
        _openssl("x509", "-req", "-in", str(request), "-CA", str(self.certificate), "-CAkey",
                 str(self._key), "-CAcreateserial", "-days", "-1" if expired else "30",
                 "-extfile", str(extensions), "-out", str(certificate))
        return certificate, key
