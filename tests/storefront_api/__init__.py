"""Tests of what shoppers and merchants see of the goods, over HTTP."""
