@server @deposits
Feature: Deposits are reached over HTTPS only

  @DEP-SEC-01 @DEP-SEC-02 @must
  Rule: calls over HTTPS work, and calls over plain HTTP fail

    Scenario Outline: a <request> request over plain HTTP
      Given a <request> request that the server accepts
      When only it is sent over plain HTTP
      Then it fails and nothing is processed
      And how it fails is reported as AMB-24

      Examples:
        | request         |
        | deposit         |
        | deposit status  |
        | refund          |
        | payment methods |

    Scenario: a refund that failed over plain HTTP took no money
      Given a deposit of 100 that is completed
      And a refund request of 100 with an idempotency key
      When it is sent over plain HTTP, and then over HTTPS with another key
      Then it was accepted

  @DEP-SEC-01 @must
  Rule: the connection is a current one

    Scenario: TLS 1.2 or later
      Given a deposit request that the server accepts
      Then its connection was TLS 1.2 or later
