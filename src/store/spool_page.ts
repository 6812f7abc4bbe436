/** How many messages of the spool a list holds when its caller does not say. */
export const DEFAULT_PAGE = 1000;
