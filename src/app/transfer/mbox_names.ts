/** Folders as files: `A/B` is the file `B` in the directory `A.sbd`, as Thunderbird has it. */

/** What a file system, or a program that reads the folder, would misunderstand stands as `%` and two digits. */
export function fileOfLevel(level: string): string {
  const escape = (char: string) => `%${char.charCodeAt(0).toString(16).toUpperCase().padStart(2, "0")}`;
  return level.replace(/[%\\:*?"<>|\x00-\x1f\x7f]/g, escape)
    .replace(/^\.|[. ]$/g, escape)
    .replace(/\.(?=(sbd|msf|dat|lock|imap)$)/i, escape);
}

/** The way from the top: directories, and the file. */
export function pathOfFolder(folder: string): string[] {
  const levels = folder.split("/").map(fileOfLevel);
  return levels.map((level, place) => place === levels.length - 1 ? level : `${level}.sbd`);
}

/** One level of a folder's name. */
export function folderOfFile(name: string): string {
  return name.replace(
    /%([0-7][0-9A-F])/g,
    (_, code: string) => String.fromCharCode(Number.parseInt(code, 16)),
  )
    .replaceAll("/", "_");
}
