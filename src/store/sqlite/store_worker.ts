/**
 * The workers' entry: the one file that is named by URL (`worker_handle.ts`), for the writer and the readers alike. Its
 * first message says which it shall be.
 */
import type { Start } from "./protocol.ts";
import { startReader } from "./reader/serve.ts";
import type { WorkerPort } from "./worker_port.ts";
import { startWriter } from "./writer/serve.ts";

const port = self as unknown as WorkerPort;

port.onmessage = ({ data }) => {
  const start = data as Start;
  if (start.role === "writer") startWriter(port, start);
  else startReader(port, start);
};
