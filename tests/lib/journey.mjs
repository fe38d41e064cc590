// Declares journeys: sentences about people, each with a program that walks it.
//
//   journey('from campus the password alone is enough', async (world) => { … });
//
// `world` (world.mjs) starts what is asked of it and stops all of it when the journey has ended.

/** All journeys of the files loaded so far: {sentence, walk, seconds}. */
export const journeys = [];

/**
 * Declare one journey. It fails when `walk` throws, or after `seconds`.
 */
export function journey(sentence, walk, { seconds = 90 } = {}) {
  journeys.push({ sentence, walk, seconds });
}
