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

/** CPU seconds of a process, its live descendants, and those of them that have ended. */
export function treeCpuSeconds(root: number): number {
  // utime, stime and, of children that were waited for, cutime and cstime.
  return sumOverTree(
    root,
    (_, fields) => [11, 12, 13, 14].reduce((sum, at) => sum + Number(fields[at]), 0) / TICKS,
  );
}

/** Megabytes of a process and its live descendants (Pss): what they share counts once. */
export function treeMegabytes(root: number): number {
  return sumOverTree(root, (pid) => proportionalMegabytes(pid));
}

function proportionalMegabytes(pid: number): number {
  try {
    const rollup = Deno.readTextFileSync(`/proc/${pid}/smaps_rollup`);
    return Number(/^Pss:\s+(\d+) kB/m.exec(rollup)?.[1] ?? 0) / 1024;
  } catch {
    return 0; // It has just ended.
  }
}

function sumOverTree(root: number, of: (pid: number, fields: readonly string[]) => number): number {
  const children = new Map<number, number[]>();
  const processes = new Map<number, readonly string[]>();
  for (const { name } of Deno.readDirSync("/proc")) {
    const pid = Number(name);
    if (!Number.isInteger(pid)) continue;
    const fields = statFields(pid);
    if (fields === null) continue;
    const parent = Number(fields[1]);
    const siblings = children.get(parent);
    if (siblings === undefined) children.set(parent, [pid]);
    else siblings.push(pid);
    processes.set(pid, fields);
  }
  let sum = 0;
  const todo = [root];
  for (let pid = todo.pop(); pid !== undefined; pid = todo.pop()) {
    const fields = processes.get(pid);
    if (fields !== undefined) sum += of(pid, fields);
    todo.push(...children.get(pid) ?? []);
  }
  return sum;
}

/** The fields of /proc/PID/stat behind the name; null when the process is gone. */
function statFields(pid: number): string[] | null {
  try {
    const stat = Deno.readTextFileSync(`/proc/${pid}/stat`);
    return stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  } catch {
    return null;
  }
}
