/** How long the parts of a step may take on a server, milliseconds. */

/** Reads of status and variables: they wait for nothing but a busy server. */
export const READ_MS = 5_000;

/** SET, START, CHANGE: milliseconds on a healthy server; a busy disk may make a CHANGE slow. */
export const CHANGE_MS = 10_000;

/** STOP of an IO thread that is connecting to a frozen source was seen to take 2.3 s; clients wait for it. */
export const STOP_IO_MS = 6_000;

/** STOP of an applier waits for the end of the transaction that it is applying; a minute for one whose rest does not come. */
export const STOP_SQL_MS = 75_000;

/** A replica has spoken to its new source by then, or says why not. */
export const FIRST_WORD_MS = 2_000;

/** An IO thread that has said nothing yet is connecting, which a busy source may draw out; a person waits for this one. */
export const CONNECTED_MS = 15_000;

/** How long relay log may take to be applied before a server forgets its source; a promoted one has applied it before. */
export const DRAIN_MS = 30_000;

/** Reading a stretch of a server's binary log, which nobody waits for but the replica that is to be placed. */
export const SEARCH_MS = 30_000;

/** A primary that is being fenced: sessions end within milliseconds, and those that do not are no clients' any more. */
export const SESSIONS_END_MS = 5_000;
