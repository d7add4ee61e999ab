// Jest loads this before each suite: every test begins with the fixtures.
/* global beforeEach, expect */
const { TEST_API_BASE_URL: url } = process.env;
const headers = { authorization: 'Bearer YOUR_RETELL_API_KEY' };

/** A number that other tests read, and that this one brings. */
const imported = '+14157774444';

beforeEach(async () => {
  const send = async (method, path) => {
    const { ok, status } = await fetch(url + path, { method, headers });
    if (!ok) throw new Error(`${method} ${path} was answered with ${status}`);
  };
  await send('POST', '/_emulator/reset');
  const { currentTestName = '' } = expect.getState();
  if (currentTestName.startsWith('resource phoneNumber import')) {
    await send('DELETE', `/delete-phone-number/${encodeURIComponent(imported)}`);
  }
});
