pub(super) fn print() {}
