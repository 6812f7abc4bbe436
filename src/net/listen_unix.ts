/** Whoever may write to the socket's file may connect: its owner and its group. */
const SOCKET_MODE = 0o660;

/**
 * Listens on a unix socket. One that a killed server left behind is taken away; a listener that is closed takes its own away, for
 * that the runtime sees.
 */
export function bindUnix(path: string): Deno.UnixListener {
  removeDeadSocket(path);
  const listener = Deno.listen({ transport: "unix", path });
  try {
    Deno.chmodSync(path, SOCKET_MODE);
  } catch (error) {
    listener.close();
    throw error;
  }
  return listener;
}

/** Nobody but one server of ours listens there (the data folder has a lock), so what is left over is dead. */
function removeDeadSocket(path: string): void {
  try {
    const { isSocket } = Deno.lstatSync(path);
    if (!isSocket) throw new Error(`${path} is there and is no socket; move it away or choose another path`);
    Deno.removeSync(path);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}
