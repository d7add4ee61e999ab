/**
 * The preload: `node --import retell-emulator/redirect app.js`. Loading it redirects, because a preload cannot call
 * a function. Tests take `redirectRetell` from the library, which can be undone.
 */
import { redirectFromPreload } from './redirect/redirect.js';
import { defaultTarget } from './redirect/target.js';

export { redirectRetell, type RedirectOptions, type UndoRedirect } from './redirect/redirect.js';

const { RETELL_EMULATOR_URL: url = '' } = process.env;
redirectFromPreload(url === '' ? defaultTarget : url);
