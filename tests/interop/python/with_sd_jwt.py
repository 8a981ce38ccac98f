"""SD-JWT by PyPI's sd-jwt: one question in, one answer out."""
import json
import sys

from jwcrypto.jwk import JWK
from sd_jwt.common import SDObj
from sd_jwt.holder import SDJWTHolder
from sd_jwt.issuer import SDJWTIssuer
from sd_jwt.verifier import SDJWTVerifier


def marked(value, paths):
    """The claims with those marked that can be withheld: members by their key, elements by themselves."""

    def below(step):
        return [path[1:] for path in paths if path[0] == step and len(path) > 1]

    if isinstance(value, dict):
        return {
            (SDObj(name) if [name] in paths else name): marked(inner, below(name)) for name, inner in value.items()
        }
    if isinstance(value, list):
        inner = [marked(element, below(place)) for place, element in enumerate(value)]
        return [SDObj(element) if [place] in paths else element for place, element in enumerate(inner)]
    return value


question = json.load(sys.stdin)
key = JWK(**question["key"])
op = question["op"]
if op == "issue":
    answer = SDJWTIssuer(
        marked(question["claims"], question["disclosable"]),
        key,
        holder_key=JWK(**question["holder"]),
        add_decoy_claims=question["decoys"],
        extra_header_parameters={"typ": "dc+sd-jwt", **question["header"]},
    ).sd_jwt_issuance
elif op == "present":
    holder = SDJWTHolder(question["credential"])
    holder.create_presentation(question["pick"], question["nonce"], question["aud"], key)
    answer = holder.sd_jwt_presentation
else:
    answer = SDJWTVerifier(
        question["presentation"], lambda issuer, header: key, question["aud"], question["nonce"]
    ).get_verified_payload()
json.dump(answer, sys.stdout)
