// Before the first paint, so that nobody who chose dark sees a flash of white. Mantine keeps the choice under this name.
{
  const chosen = readChosen();
  const isDark = chosen === 'dark' || (chosen !== 'light' && matchMedia('(prefers-color-scheme: dark)').matches);
  document.documentElement.setAttribute('data-mantine-color-scheme', isDark ? 'dark' : 'light');

  function readChosen() {
    try {
      return localStorage.getItem('mantine-color-scheme-value');
    } catch {
      // A browser may refuse to keep anything, and to be asked.
      return null;
    }
  }
}
