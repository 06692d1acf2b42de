# The service as an image: docker build -t exam-sessions .
#                          docker run -p 50051:50051 -v exam-sessions:/var/lib/exam-sessions -v ./tls:/tls:ro
#                            -e EXAM_SESSIONS_TLS_CERT=/tls/tls.crt -e EXAM_SESSIONS_TLS_KEY=/tls/tls.key
#                            -e EXAM_SESSIONS_AUTH=keys exam-sessions
# Without certificate and authentication it does not start: see docs/operate/install.md.
# No engine is needed to test it: tests/test_dockerfile.py replays every step (scripts/test --slow).

# The full image only builds: it has strip. Its Python is the slim one's, in the same place.
FROM python:3.11 AS build
WORKDIR /build
COPY pyproject.toml constraints.txt README.md ./
COPY src ./src
COPY clients/python ./clients/python
# Wheels only: what a compiler made here could want libraries that the slim image lacks.
# With traces, which nobody can add to an image: they weigh 3.3 MB. pip and setuptools have then done their work.
RUN python3 -m venv /opt/exam-sessions \
 && /opt/exam-sessions/bin/pip install --no-cache-dir --disable-pip-version-check --no-compile \
      --only-binary :all: --constraint constraints.txt ./clients/python ".[server,traces]" \
 && /opt/exam-sessions/bin/pip check \
 && /opt/exam-sessions/bin/pip uninstall --quiet --yes setuptools pip
# These two ship debug information, a fifth of all; SQLAlchemy would silently do without a module that came to harm.
# Compiled here, because at run time nobody may write beside the modules and every start would compile them again;
# by hash and unchecked, because layers do not keep the times of sources faithfully everywhere.
RUN find /opt/exam-sessions -name '*.so' '(' -path '*/uvloop/*' -o -path '*/sqlalchemy/*' ')' \
      -exec strip --strip-debug {} + \
 && /opt/exam-sessions/bin/python -c 'import uvloop, sqlalchemy.util as util; assert util.has_compiled_ext()' \
 && find /opt/exam-sessions -name __pycache__ -prune -exec rm -r {} + \
 && /opt/exam-sessions/bin/python -m compileall -q --invalidation-mode unchecked-hash /opt/exam-sessions/lib

FROM python:3.11-slim
# A fixed number, so that the owner of a volume stays the same from image to image.
RUN groupadd --gid 10001 exam-sessions \
 && useradd --uid 10001 --gid 10001 --no-log-init --no-create-home --home-dir /var/lib/exam-sessions \
      --shell /usr/sbin/nologin exam-sessions \
 && mkdir --parents --mode 0750 /var/lib/exam-sessions \
 && chown 10001:10001 /var/lib/exam-sessions
COPY --from=build /opt/exam-sessions /opt/exam-sessions
# Settings stand in a file, for variables would win over a file of one's own.
COPY deploy/image/exam-sessions.toml /opt/exam-sessions/etc/
ENV PATH=/opt/exam-sessions/bin:$PATH \
    EXAM_SESSIONS_CONFIG=/opt/exam-sessions/etc/exam-sessions.toml \
    EXAM_SESSIONS_TARGET=unix:/tmp/exam-sessions.sock
# By number: Kubernetes' runAsNonRoot cannot look up names.
USER 10001:10001
WORKDIR /var/lib/exam-sessions
VOLUME ["/var/lib/exam-sessions"]
EXPOSE 50051
STOPSIGNAL SIGTERM
# An outage of the database is no reason to replace a container, which engines do with those that are not healthy.
# Asks at EXAM_SESSIONS_TARGET. Who makes it listen elsewhere keeps the socket in `listen`.
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s --retries=3 \
    CMD ["/opt/exam-sessions/bin/exam-sessions", "health", "liveness"]
ENTRYPOINT ["/opt/exam-sessions/bin/exam-sessions"]
CMD ["serve"]
