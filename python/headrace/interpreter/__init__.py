"""The Python side of a session: a fork server and the interpreters it forks. doc/python.md describes both protocols.

server.py   the fork server                     wire.py    JSON lines over a Unix socket
session.py  one interpreter: requests, cancel   run.py     one statement: parse, run, result
output.py   what a statement printed and showed errors.py  a traceback as a person wants it
names.py    what a session's code finds defined context.py `sc`     rdd.py  the small RDD     figures.py matplotlib
"""
