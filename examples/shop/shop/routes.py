"""The doors of the shop. Services come from `app.state`, so no type says what they are."""

from .router import Request, Response, Router

router = Router()


@router.get("/shelf/{kind}")
def read_shelf(request: Request):
    return request.app.state.stock.shelf_of(request.params["kind"])


@router.get("/items/{key}")
def read_item(request: Request):
    state = request.app.state
    item = state.stock.find_item(request.params["key"])
    if item is None:
        return Response(404, "no such item")
    who = request.body.get("who")
    return {
        "title": state.catalog.title_of(item.key),
        "left": item.left,
        "tag": state.orders.pricer.price_tag(who, item.key) if who else f"{item.price}c",
    }


@router.post("/orders")
def create_order(request: Request):
    body = request.body
    receipt = request.app.state.orders.place_order(body["who"], body["key"], *body.get("rest", ()))
    return Response(201, receipt.line())


@router.get("/orders/{who}")
async def read_orders(request: Request):
    who = request.params["who"]
    return {"lines": request.app.state.orders.history_of(who), "sum": request.app.state.orders.spent_by(who)}


@router.get("/till")
def read_till(request: Request):
    if not request.app.state.customers.is_keeper(request.body.get("who")):
        return Response(403, "keepers only")
    return request.app.state.till.describe_till()


@router.get("/customers")
def read_customers(request: Request):
    customers = getattr(request.app.state, "customers", None)
    return [f"{place}. {who}" for place, who in enumerate(customers.ranking(), start=1)]
