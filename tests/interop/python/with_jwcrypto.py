"""JWS and JWE by jwcrypto: one question in, one answer out."""
import json
import sys

from jwcrypto import jwe, jwk, jws

question = json.load(sys.stdin)
key = jwk.JWK(**question["key"])
op = question["op"]
if op == "sign":
    token = jws.JWS(json.dumps(question["payload"]).encode())
    token.add_signature(key, protected=json.dumps({"alg": question["alg"], "typ": question["typ"]}))
    answer = token.serialize(compact=True)
elif op == "verify":
    token = jws.JWS()
    token.allowed_algs = [question["alg"]]
    token.deserialize(question["jws"], key)
    answer = {"payload": json.loads(token.payload), "header": token.jose_header}
elif op == "encrypt":
    token = jwe.JWE(question["content"].encode(), protected={"alg": "ECDH-ES", "enc": "A256GCM"}, recipient=key)
    answer = token.serialize(compact=True)
else:
    token = jwe.JWE()
    token.deserialize(question["jwe"], key)
    answer = token.payload.decode()
json.dump(answer, sys.stdout)
