"""The ledger's guards in the database: balances follow movements and are written by nobody else."""

# Rows are locked in one order before they are changed, so that two movements never wait for each other in a circle.
# SECURITY DEFINER: the application's roles may read balances and never write them.
LEDGER = """
CREATE OR REPLACE FUNCTION stock_balance_follows() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
BEGIN
    INSERT INTO stock_balance (office_id, product, place, quantity)
    SELECT DISTINCT n.office_id, n.product, side.place, 0
    FROM new_rows n CROSS JOIN LATERAL (VALUES (n.from_place), (n.to_place)) AS side(place)
    ON CONFLICT (office_id, product, place) DO NOTHING;

    PERFORM 1 FROM stock_balance b
    WHERE EXISTS (SELECT 1 FROM new_rows n WHERE n.office_id = b.office_id AND n.product = b.product
                  AND b.place IN (n.from_place, n.to_place))
    ORDER BY b.office_id, b.product, b.place FOR UPDATE;

    UPDATE stock_balance b SET quantity = b.quantity + d.delta
    FROM (
        SELECT office_id, product, place, SUM(delta)::int AS delta FROM (
            SELECT office_id, product, to_place AS place, quantity AS delta FROM new_rows
            UNION ALL
            SELECT office_id, product, from_place, -quantity FROM new_rows
        ) sides GROUP BY office_id, product, place
    ) d
    WHERE b.office_id = d.office_id AND b.product = d.product AND b.place = d.place AND d.delta <> 0;
    RETURN NULL;
END $$;

CREATE TRIGGER stock_balance_follows AFTER INSERT ON stock_movement
    REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION stock_balance_follows();

CREATE OR REPLACE FUNCTION stock_lock(wanted_office text, wanted_product text) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER AS $$
DECLARE on_hand integer;
BEGIN
    PERFORM 1 FROM stock_balance WHERE office_id = wanted_office AND product = wanted_product
    ORDER BY office_id, product, place FOR UPDATE;
    SELECT quantity INTO on_hand FROM stock_balance
    WHERE office_id = wanted_office AND product = wanted_product AND place = 'store';
    RETURN COALESCE(on_hand, 0);
END $$;
"""

# They run as their owner, so that nobody's own temporary table may stand where `stock_balance` is meant.
LEDGER_PATH = """
ALTER FUNCTION stock_balance_follows() SET search_path = pg_catalog, public, pg_temp;
ALTER FUNCTION stock_lock(text, text) SET search_path = pg_catalog, public, pg_temp;
"""
LEDGER_PATH_REVERSE = """
ALTER FUNCTION stock_balance_follows() RESET search_path;
ALTER FUNCTION stock_lock(text, text) RESET search_path;
"""

LEDGER_REVERSE = """
DROP TRIGGER stock_balance_follows ON stock_movement;
DROP FUNCTION stock_balance_follows();
DROP FUNCTION stock_lock(text, text);
"""
