import { TestSocket } from "./test_socket.ts";

/** One GET on a connection of its own, so that no pooled connection outlives a test. */
export async function httpGet(
  host: string,
  port: number,
  path: string,
): Promise<{ status: number; headers: string; body: string }> {
  await using socket = await TestSocket.connect({ host, port });
  await socket.write(`GET ${path} HTTP/1.1\r\nHost: ${host}:${port}\r\nConnection: close\r\n\r\n`);
  const answer = await socket.readToEnd();
  const end = answer.indexOf("\r\n\r\n");
  const headers = answer.slice(0, end);
  const status = Number(/^HTTP\/1\.1 (\d{3})/.exec(headers)?.[1] ?? 0);
  const body = answer.slice(end + 4);
  return { status, headers, body: /^transfer-encoding: *chunked/im.test(headers) ? dechunk(body) : body };
}

function dechunk(body: string): string {
  let text = "";
  for (let at = 0;;) {
    const end = body.indexOf("\r\n", at);
    const length = end < 0 ? 0 : parseInt(body.slice(at, end), 16);
    if (!(length > 0)) return text;
    text += body.slice(end + 2, end + 2 + length);
    at = end + 2 + length + 2;
  }
}
