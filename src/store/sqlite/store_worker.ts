/**
 * The workers' entry: the one file that is named by URL (`worker_handle.ts`), for the writer, the readers and the indexer alike. Its
 * first message says which it shall be.
 */
import { startIndexer } from "./index/serve.ts";
import type { Start } from "./protocol.ts";
import { startReader } from "./reader/serve.ts";
import type { WorkerPort } from "./worker_port.ts";
import { startWriter } from "./writer/serve.ts";

const port = self as unknown as WorkerPort;

port.onmessage = ({ data }) => {
  const start = data as Start;
  if (start.role === "writer") startWriter(port, start);
  else if (start.role === "reader") startReader(port, start);
  else startIndexer(port, start);
};
