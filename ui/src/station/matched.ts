/** Consents whose person was recognised at this desk since the page was opened; names nobody. */
export const matched = new Set<string>();
