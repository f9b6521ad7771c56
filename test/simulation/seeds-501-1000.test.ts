import { seedsSuite } from './seeds.suite.ts';

seedsSuite({ from: 501, count: 500 });
