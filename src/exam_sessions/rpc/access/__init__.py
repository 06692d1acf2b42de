"""Who calls, and whether they may: one gate for every RPC of every transport.

requirements  what the protos say a caller of each RPC must be allowed to do
verified      what a call carries as its credential, and what proves who it is
gate          the way of a call: its credential, its permission; known credentials are kept by digest
code_guard    wrong codes and credentials, and who is locked out after them
open_streams  streams end when their credential does
"""
