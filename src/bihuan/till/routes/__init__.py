"""Routes of tills: `/api/merchant/till/...`."""

from bihuan.till.routes import goods, returns, sales, shifts

ROUTES = (*shifts.ROUTES, *goods.ROUTES, *sales.ROUTES, *returns.ROUTES)
