// Import this first. Under the C locale WebKitGTK says the reader's language is "C", which `Intl` refuses with an exception, and a
// library that asks while it loads (uPlot does) would take the whole page down with it.
try {
  Intl.getCanonicalLocales([...navigator.languages, navigator.language]);
} catch {
  Object.defineProperties(navigator, {
    language: { configurable: true, get: () => 'en' },
    languages: { configurable: true, get: () => ['en'] },
  });
}
