import config from './playwright.config';

/** Pictures of every page, by the same browser and stack as the journeys. */
export default { ...config, testDir: 'screenshots', workers: 1, timeout: 180_000 };
