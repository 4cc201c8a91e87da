@server @cashouts
Feature: An external id is used once

  @CASH-EXT-01 @must
  Rule: a second use of an external id is refused and creates nothing

    Scenario Outline: the external id of a cashout that is <status>
      Given a cashout that is <status>
      When its external id is used again
      Then it was refused because of its external id
      And the status of the first cashout is still <status>

      Examples:
        | status    |
        | pending   |
        | on hold   |
        | cancelled |
        | delivered |
        | completed |
        | rejected  |

    Scenario: the external id with another amount
      Given a cashout that is pending
      When its external id is used again with another amount
      Then it was refused because of its external id

    Scenario: one external id at once
      Given a cashout request of 10
      When it is sent 10 times at once
      Then exactly one of them was accepted
