import type { ClientConn } from "../net/connect.ts";
import { dial, encrypt } from "./dial.ts";
import type { OpenOptions } from "./open_options.ts";

export interface Opening<C> {
  readonly make: (conn: ClientConn) => C;
  /** From the greeting to the log-in. */
  readonly begin: (connection: C) => Promise<void>;
}

/** Connects, with TLS at once where it is implicit, and begins; what fails on the way, or is broken off, leaves nothing open. */
export async function openConnection<C extends { close(): void }>(
  { spec, deps, signal }: OpenOptions,
  { make, begin }: Opening<C>,
): Promise<C> {
  const conn = await dial({ ...spec, loopbackOnly: spec.tls === "none", signal }, deps);
  const connection = make(conn);
  const abort = () => connection.close();
  signal.addEventListener("abort", abort);
  try {
    if (spec.tls === "implicit") await encrypt(conn, spec.host, deps);
    await begin(connection);
    return connection;
  } catch (error) {
    connection.close();
    throw error;
  } finally {
    signal.removeEventListener("abort", abort);
  }
}
