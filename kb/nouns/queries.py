"""kb.queries: see its class."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any

from ...ingest.chosen import Range
from ..verb import Noun, verb

if TYPE_CHECKING:
    from ...queries import Result
    from ...queries.answers.catalogued import CheckedQueries, ListedQueries, ShownQuery
    from ...queries.answers.ontology import Ontology

Name = Annotated[str, "The query's name"]
Seconds = Annotated[float | None, Range(0), "Seconds; 0 for none"]


class Queries(Noun):
    """Questions in Cypher that have a name: the catalogue's, and your own.

    Your own are files NAME.cypher in the folder `queries` of the store; docs/queries.md shows how to write one.
    """

    @verb(needs="place", agent=True)
    def list(
        self, words: Annotated[Sequence[str], "Only those whose name or purpose has all of these"] = ()
    ) -> ListedQueries:
        """The queries there are, with their parameters and what each answers; your own below the others."""
        from ...queries.answers.catalogued import listed_queries
        from ...queries.catalogue.own import OwnQueries

        return listed_queries(OwnQueries(self.place.queries), words)

    @verb(needs="place")
    def show(self, name: Name) -> ShownQuery:
        """A query's text: paste it anywhere, its head comment is its help. Raises QueryError for an unknown name."""
        from ...queries.answers.catalogued import ShownQuery, described
        from ...queries.catalogue.own import OwnQueries

        return ShownQuery(described(OwnQueries(self.place.queries).query(name)))

    @verb()
    def check(self, *, timeout: Seconds = 60.0) -> CheckedQueries:
        """Check your own queries, each asked with its example; exit code 1 where one is wrong."""
        from ..jobs.catalogue import check

        return check(self.db, self.place, timeout or None)

    @verb(agent=True)
    def run(
        self,
        name: Name,
        params: Annotated[Mapping[str, Any] | None, "A parameter of the query: JSON, else text"] = None,
        *,
        timeout: Seconds = 60.0,
        limit: Annotated[int | None, Range(0), "Rows; 0 for all"] = 1000,
        **more: Any,
    ) -> Result:
        """Rows of a query by name. In Python its parameters are given by keyword.

        Raises QueryError for an unknown name, a wrong parameter, or evidence that is not in the store.
        """
        from ..jobs.catalogue import run

        given = {**(params or {}), **more}
        return run(self.db, self.place, name, given, timeout=timeout or None, limit=limit or None)

    @verb(needs="nothing", agent=True)
    def schema(self, about: Annotated[str | None, "One label or relationship type, in full"] = None) -> Ontology:
        """The graph's labels and relationship types with their properties. Raises SchemaError for an unknown one."""
        from ...queries.answers.ontology import schema

        return schema(about)
