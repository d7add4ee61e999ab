// Jest loads this before each suite: every test begins with the fixtures.
/* global beforeEach */
beforeEach(async () => {
  const answer = await fetch(`${process.env.TEST_API_BASE_URL}/_emulator/reset`, {
    method: 'POST',
  });
  if (!answer.ok) throw new Error(`reset: ${answer.status} ${await answer.text()}`);
});
