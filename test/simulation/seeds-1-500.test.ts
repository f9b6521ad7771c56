import { seedsSuite } from './seeds.suite.ts';

seedsSuite({ from: 1, count: 500 });
