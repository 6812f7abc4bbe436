/** What Linux knows about a process (proc(5)). */

/** Clock ticks per second, which Linux has fixed at 100 for user space. */
const TICKS = 100;

/** CPU seconds of all its threads so far. */
export function cpuSeconds(pid: number): number {
  const stat = Deno.readTextFileSync(`/proc/${pid}/stat`);
  // The name in brackets may hold spaces: fields are counted behind it. utime and stime are fields 14 and 15.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[11]) + Number(fields[12])) / TICKS;
}

/** Megabytes in memory now (VmRSS), or at most since `resetPeak` (VmHWM). */
export function memoryMegabytes(pid: number, what: "VmRSS" | "VmHWM"): number {
  const status = Deno.readTextFileSync(`/proc/${pid}/status`);
  return Number(new RegExp(`^${what}:\\s+(\\d+) kB`, "m").exec(status)?.[1] ?? 0) / 1024;
}

export function resetPeak(pid: number): void {
  Deno.writeTextFileSync(`/proc/${pid}/clear_refs`, "5");
}
