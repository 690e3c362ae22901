"""The peer of tests/bench/libvirt.ts: does what it is told with libvirt's own C client and says how many ms it took.

Usage: libvirt_peer.py URI; one command a line on standard input, one number a line on standard output.
"""
import sys
import time

import libvirt

connection = libvirt.open(sys.argv[1])
domains = connection.listAllDomains()


def bulk_states():
    for domain, stats in connection.getAllDomainStats(libvirt.VIR_DOMAIN_STATS_STATE):
        domain.name(), stats["state.state"]


def call_by_call():
    for domain in connection.listAllDomains():
        domain.name(), domain.state()


def all_stats():
    connection.getAllDomainStats()


def small_calls():
    domain = domains[0]
    for _ in range(10000):
        domain.isActive()


for line in sys.stdin:
    work = globals()[line.strip()]
    start = time.perf_counter()
    work()
    print((time.perf_counter() - start) * 1000, flush=True)
