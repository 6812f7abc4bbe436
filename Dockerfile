# Built in two steps: the first has Deno and makes the single executable, the second has nothing but it.
#
#     docker build -t mailden .
#     docker run -d -v /etc/mailden:/etc/mailden:ro -v mailden:/var/lib/mailden -p 25:25 -p 587:587 -p 993:993 mailden
#
# Commands go to the running server: docker exec -i CONTAINER mailden account add alice@example.com

FROM denoland/deno:debian-2.9.6 AS build
WORKDIR /src
COPY deno.json deno.lock main.ts ./
COPY src src
COPY .ci/build.ts .ci/build.ts
COPY tests/support/permissions.ts tests/support/permissions.ts
RUN deno run -A .ci/build.ts && test -x dist/mailden

FROM debian:stable-slim
RUN useradd --system --home-dir /var/lib/mailden --create-home --shell /usr/sbin/nologin mailden
COPY --from=build /src/dist/mailden /usr/local/bin/mailden
USER mailden
WORKDIR /var/lib/mailden
VOLUME /var/lib/mailden
# smtp, submission, submissions, imap, imaps, pop3, pop3s, managesieve, http
EXPOSE 25 587 465 143 993 110 995 4190 8080
# /healthz is on 127.0.0.1:8080 unless the configuration moves it.
HEALTHCHECK --interval=30s --timeout=5s --start-period=20s CMD ["bash", "-c", \
  "exec 3<>/dev/tcp/127.0.0.1/8080; printf 'GET /healthz HTTP/1.1\\r\\nHost: localhost\\r\\nConnection: close\\r\\n\\r\\n' >&3; read -r _ status _ <&3; [[ $status == 200 ]]"]
ENTRYPOINT ["/usr/local/bin/mailden"]
CMD ["serve", "--config", "/etc/mailden/mailden.yaml"]
