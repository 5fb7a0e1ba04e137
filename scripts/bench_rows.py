"""The rows of scripts/bench: what each needs measured, what it makes of it, and what it must reach."""

import dataclasses

from bench_cells import PLAIN, REFERENCE, median, ratio

SATURATED = "saturated"
SATURATED_CERT = "saturated, client certificate"
APART = "own cores"
APART_CERT = "own cores, client certificate"
LONE = "alone"
HALF = "half rate"

OURS = "ringdtls"
LIBCRYPTO = "ringdtls --lanes libcrypto"
TWO_SHARDS = "ringdtls --shards 2"
MICRO = "micro"
FLOOR = "floor"
ALL = "all servers"

IN_MEMORY = "full handshake, X25519, AES-128"
IN_MEMORY_13 = "DTLS 1.3: " + IN_MEMORY


@dataclasses.dataclass
class Line:
    """One measured figure. Less is better for all but at_least; must None: it is shown, and nothing is asked of it."""

    row: str
    what: str
    value: float
    text: str
    must: float = None
    goal: float = None
    must_text: str = ""
    goal_text: str = ""
    at_least: bool = False
    detail: str = ""

    def reaches(self, target):
        return self.value >= target if self.at_least else self.value <= target

    def verdict(self):
        if self.must is None:
            return ""
        if self.reaches(self.goal):
            return "goal reached"
        return "reached" if self.reaches(self.must) else "MISSED"


@dataclasses.dataclass(frozen=True)
class Row:
    key: str
    title: str
    needs: dict  # group -> names of cells
    lines: callable


def fraction(value):
    return f"{value:.3f} (1/{1 / value:.1f})"


def against_reference(row, saturated, apart, must_of, goal_of):
    def lines(results):
        ours, theirs = results[saturated][OURS], results[saturated][REFERENCE]
        detail = f"{median(ours, 'cpu_us'):.1f} and {median(theirs, 'cpu_us'):.1f} us"
        if apart in results:
            own, other = results[apart][OURS], results[apart][REFERENCE]
            detail += f"; on a core of its own {ratio(own, other):.3f}: {median(own, 'cpu_us'):.1f} and {median(other, 'cpu_us'):.1f} us"
        value = ratio(ours, theirs)
        yield Line(row, "server CPU per handshake, against OpenSSL", value, fraction(value), 1 / must_of, 1 / goal_of, f"1/{must_of}",
                   f"1/{goal_of}", detail=detail)
        yield from against_plain(row, ours, results[saturated])

    return lines


def against_plain(row, ours, cells):
    """OpenSSL as its manual shows it: what a server costs whose author did not profile libssl."""
    plain = cells.get(PLAIN)
    if plain is not None and not plain.error:
        value = ratio(ours, plain)
        yield Line(row, "against OpenSSL as its manual shows it", value, fraction(value),
                   detail=f"{median(ours, 'cpu_us'):.1f} and {median(plain, 'cpu_us'):.1f} us")


def in_memory(results):
    micro = results[SATURATED][MICRO]
    value = median(micro, lambda figures: figures[IN_MEMORY] / 1000)
    with_certificate = median(micro, lambda figures: figures[IN_MEMORY + ", client certificate"] / 1000)
    yield Line("in-memory", "server's side in memory, us", value, f"{value:.1f}", 28, 22, "28", "22",
               detail=f"with client certificate {with_certificate:.1f} us")
    over = median(micro, lambda figures: (figures[IN_MEMORY_13] - figures[IN_MEMORY]) / 1000)
    yield Line("in-memory", "DTLS 1.3 over 1.2, us", over, f"{over:+.1f}", 12, 12, "12", "12",
               detail=f"{median(micro, lambda figures: figures[IN_MEMORY_13] / 1000):.1f} us in all")


def over_the_floor(results):
    """Server and floor from the same rounds."""
    floor = results[SATURATED][FLOOR]
    for group, suffix, must, goal in ((SATURATED, "", 1.6, 1.25), (SATURATED_CERT, " with client certificate", None, None)):
        variant = "client_certificate" if suffix else "plain"
        server = results[group][OURS]
        total = median(floor, lambda figures, variant=variant: figures[variant]["sum_us"])
        parts = {name: median(floor, lambda figures, name=name, variant=variant: figures[variant][name])
                 for name in ("public_key_us", "datagrams_us", "hashing_us")}
        value = median(server, "cpu_us") / total
        detail = (f"{median(server, 'cpu_us'):.1f} us over {total:.1f} us: public-key work {parts['public_key_us']:.1f}, datagrams "
                  f"{parts['datagrams_us']:.1f}, hashing and records {parts['hashing_us']:.1f}")
        if must is None:
            yield Line("floor", f"server CPU over the floor{suffix}", value, f"{value:.2f}", detail=detail)
        else:
            yield Line("floor", f"server CPU over the floor{suffix}", value, f"{value:.2f}", must, goal, f"{must}", f"{goal}",
                       detail=detail)


def without_crypto_mb(results):
    ours, theirs = results[SATURATED][LIBCRYPTO], results[SATURATED][REFERENCE]
    value = ratio(ours, theirs)
    yield Line("libcrypto", "without crypto_mb, against OpenSSL", value, f"{value:.3f}", 0.42, 0.36, "0.42", "0.36",
               detail=f"{median(ours, 'cpu_us'):.1f} and {median(theirs, 'cpu_us'):.1f} us")
    yield from against_plain("libcrypto", ours, results[SATURATED])


def lanes_filled(results):
    lanes = results[SATURATED][OURS].stats["lanes"]
    value = lanes["jobs"] / max(lanes["batches"], 1)
    filled = [sum(kind["filled"][i] for kind in lanes["kinds"].values()) for i in range(8)]
    total = max(sum(filled), 1)
    share = ", ".join(f"{i + 1}: {100 * count / total:.0f} %" for i, count in enumerate(filled) if 200 * count > total)
    yield Line("lanes", "lanes filled per batch, of 8", value, f"{value:.2f}", 7, 7.8, "7", "7.8", at_least=True,
               detail=f"{lanes['back_end']}; batches by lanes filled: {share}")


def latency(row, group, what, percentiles, results):
    ours, theirs = results[group][OURS], results[group][REFERENCE]
    for percentile in percentiles:
        figure = f"{percentile}_us"
        value = ratio(ours, theirs, figure)
        yield Line(row, f"{percentile} {what}, against OpenSSL", value, f"{value:.2f}", 1, 1, "lower", "lower",
                   detail=f"{median(ours, figure):.0f} and {median(theirs, figure):.0f} us")


def two_shards(results):
    two, one = results[SATURATED][TWO_SHARDS], results[SATURATED][OURS]
    value = ratio(two, one)
    yield Line("two-shards", "CPU per handshake, two shards against one", value, f"{value:.2f}", 1.1, 1.0, "1.1", "1.0",
               detail=f"{median(two, 'cpu_us'):.1f} and {median(one, 'cpu_us'):.1f} us")


ROWS = [
    Row("handshake", "full handshake at saturation, against each server", {SATURATED: [ALL], APART: [ALL]},
        against_reference("handshake", SATURATED, APART, 7, 10)),
    Row("client-cert", "the same with a client certificate", {SATURATED_CERT: [ALL], APART_CERT: [ALL]},
        against_reference("client-cert", SATURATED_CERT, APART_CERT, 8, 11)),
    Row("in-memory", "the server's side of a handshake without sockets", {SATURATED: [MICRO]}, in_memory),
    Row("floor", "server CPU over what its parts cost alone", {SATURATED: [OURS, FLOOR], SATURATED_CERT: [OURS]}, over_the_floor),
    Row("libcrypto", "without crypto_mb, against OpenSSL", {SATURATED: [LIBCRYPTO, REFERENCE, PLAIN]}, without_crypto_mb),
    Row("lanes", "how full the lanes are at saturation", {SATURATED: [OURS]}, lanes_filled),
    Row("lone", "latency of a lone handshake on an idle server", {LONE: [OURS, REFERENCE]},
        lambda results: latency("lone", LONE, "of a lone handshake", ("p50", "p99"), results)),
    Row("half-rate", "p99 at half of what OpenSSL sustains", {HALF: [OURS, REFERENCE]},
        lambda results: latency("half-rate", HALF, "at half of OpenSSL's rate", ("p99",), results)),
    Row("two-shards", "CPU per handshake, two shards against one", {SATURATED: [OURS, TWO_SHARDS]}, two_shards),
]


def wanted_cells(rows):
    """group -> names of cells, each once, in order."""
    wanted = {}
    for row in rows:
        for group, names in row.needs.items():
            cells = wanted.setdefault(group, [])
            cells.extend(name for name in names if name not in cells)
    return wanted


def was_measured(row, results):
    """Figures on cores apart stand beside the others and may be missing."""
    needed = [(group, names) for group, names in row.needs.items() if group not in (APART, APART_CERT)]
    return all(group in results and all(name == ALL or name in results[group] for name in names) for group, names in needed)


def lines_of(rows, results):
    """What could be measured; of a row that could not, one line says so."""
    for row in rows:
        if was_measured(row, results):
            yield from row.lines(results)
        else:
            yield Line(row.key, row.title, 0, "not measured", detail="it needs two cores")


def missed(lines):
    return [line for line in lines if line.must is not None and not line.reaches(line.must)]
