/**
 * The full-text index: `search.db` beside the database, filled in the background by a worker of its own, which lives only
 * while there is something to do.
 *
 * It is an aid and never the truth. For a text key and a body it knows one of three things: it matches, it does not, or the
 * message must be looked into, and then `evaluate.ts` decides as it would without any index.
 *
 * Invariants:
 * - What is indexed is the very text that `search_text.ts` compares, folded by the same function, so an answer of the index is
 *   the answer of the evaluator. `INDEX_VERSION` rises whenever that text, or the folding, changes.
 * - Bodies are taken in the order of their ids up to a high-water mark, which is committed together with their texts. Bodies
 *   above it, and those listed as unsure (too long, or still being staged), are always looked into: new mail is found at once.
 * - Body ids are never used again, so what was deleted may stay in the index. When most of it is gone, it is built anew.
 * - It can be deleted at any time. A file that is missing, damaged, of another version or of another database is built anew;
 *   until this run's indexer has checked it and put this run's token in, no search looks into it.
 * - Nobody waits for it: the writer's database is only read, one body at a time, and the indexer pauses while others write.
 *
 * The tables: `head_grams` and `body_grams` hold the groups of three letters of all headers and of all texts, which tell where a
 * text cannot be; `words` holds whole words, which tell at once where a text surely is; `fields` holds the few header
 * fields that people search in, which decide by themselves.
 */
export { indexAddress, type IndexSettings, removeIndexFiles, SearchIndex } from "./client.ts";
